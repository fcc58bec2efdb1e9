/** The three device menus. */

import { at, onClick } from './page.ts';
import { DEVICE, NO_CAMERA, NO_MICROPHONE } from './words.ts';

export type MenuKind = 'audioinput' | 'videoinput' | 'audiooutput';

const ID: Record<MenuKind, string> = { audioinput: 'mic-list', videoinput: 'cam-list', audiooutput: 'speaker-list' };
const NONE: Record<MenuKind, string> = { audioinput: NO_MICROPHONE, videoinput: NO_CAMERA, audiooutput: '' };

const menu = (kind: MenuKind): HTMLSelectElement => at<HTMLSelectElement>(ID[kind]);

/** The id of the chosen device; empty where there is none, or none is known yet. */
export const chosen = (kind: MenuKind): string => menu(kind).value;

/** Lists the devices. What was chosen stays chosen; `using` is what a first prompt gave. */
export function list(kind: MenuKind, devices: readonly MediaDeviceInfo[], using = ''): void {
  const select = menu(kind);
  const before = using || select.value;
  const usable = devices.filter((device) => device.deviceId !== ''); // without permission they have no id
  select.replaceChildren(...usable.map((device, n) => new Option(device.label || `${DEVICE[kind]} ${n + 1}`, device.deviceId)));
  select.disabled = usable.length === 0;
  if (usable.length === 0) select.replaceChildren(new Option(NONE[kind], ''));
  else if (usable.some((device) => device.deviceId === before)) select.value = before;
  if (kind === 'audiooutput') at('speaker').hidden = usable.length === 0 || !('setSinkId' in HTMLMediaElement.prototype);
}

export const onChoose = (kind: MenuKind, then: (deviceId: string) => void): void =>
  menu(kind).addEventListener('change', () => then(menu(kind).value));

/** During a call the menus stand behind a button. */
export function foldable(): void {
  const button = at('devices');
  const open = (on: boolean): void => {
    button.setAttribute('aria-expanded', String(on));
    document.body.toggleAttribute('data-menus', on);
  };
  onClick('devices', () => open(button.getAttribute('aria-expanded') !== 'true'));
  document.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || button.getAttribute('aria-expanded') !== 'true') return;
    open(false);
    button.focus();
  });
}
