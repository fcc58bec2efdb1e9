/** The call page: entrance, lobby, call, over. Starts here. */

import type { AudioVideoFacade } from 'amazon-chime-sdk-js';
import { Countdown, SOON, face, run } from './clock.ts';
import { Devices } from './devices.ts';
import { mayTryAgain, type Ending } from './endings.ts';
import { entered } from './entrance.ts';
import { foldable } from './menus.ts';
import { prepare } from './meeting.ts';
import { showOver, wireOver } from './over.ts';
import { at, current, fill, onClick, say, show, warn } from './page.ts';
import { Room } from './room.ts';
import { NoSession, openSession, tell, type Session } from './session.ts';
import { canCall } from './support.ts';
import { nameThem, partnerMuted } from './tiles.ts';
import { ALLOW, ELSEWHERE, JOINING, LEAD, OPENING, SOMEBODY, SOUND_BLOCKED, callWith, deviceProblem, secondsLeft } from './words.ts';

const PROMPT_AFTER_MS = 800;

class Call {
  private readonly partner: string;
  private readonly room: Room;
  private readonly av: AudioVideoFacade;
  private readonly devices: Devices;
  private joined = false;
  private ended: Ending | undefined;

  constructor(private readonly session: Session, private readonly path: string) {
    this.partner = session.partner.trim() || SOMEBODY;
    this.room = new Room(this.partner);
    this.av = prepare(session, {
      connecting: (again) => { if (!this.ended) this.room.connecting(again); },
      started: () => this.started(),
      stopped: (why) => this.finish(why),
      partner: (presence) => { if (!this.ended) this.room.partnerIs(presence); },
      partnerMuted,
      weak: (weak) => { if (!this.ended) this.room.becameWeak(weak); },
    });
    this.devices = new Devices(this.av);
    this.wire();
  }

  /** The lobby; the camera and microphone are asked for while it is already there. */
  async lobby(): Promise<void> {
    const { partner, session } = this;
    fill('lead', LEAD);
    fill('role', session.role);
    fill('elsewhere', ELSEWHERE);
    nameThem(partner);
    document.title = callWith(partner);
    say('');
    show('lobby', partner);
    this.countDown();
    const prompt = setTimeout(() => { if (current() === 'lobby') say(ALLOW); }, PROMPT_AFTER_MS);
    await this.devices.open().catch(() => warn(deviceProblem('both', 'failed')));
    clearTimeout(prompt);
    if (at('status').textContent === ALLOW) say('');
  }

  private wire(): void {
    onClick('join', () => this.join());
    onClick('leave', () => this.finish('left'));
    onClick('mic', () => this.devices.toggleMic());
    onClick('cam', () => this.devices.toggleCamera());
    foldable();
    addEventListener('pagehide', () => { if (!this.ended) this.hangUp(); });
    addEventListener('pageshow', (event) => { if (event.persisted) location.reload(); });
  }

  private join(): void {
    const button = at<HTMLButtonElement>('join');
    if (button.getAttribute('aria-disabled') === 'true') return;
    button.setAttribute('aria-disabled', 'true'); // disabled itself would lose the focus
    button.textContent = JOINING;
    warn('');
    // Inside the click, which is what a browser wants to hear before it plays sound.
    this.av.bindAudioElement(at<HTMLAudioElement>('audio')).catch(() => {
      warn(SOUND_BLOCKED);
      addEventListener('click', () => { warn(''); void at<HTMLAudioElement>('audio').play(); }, { once: true });
    });
    this.av.start();
  }

  private started(): void {
    if (this.ended) return;
    if (!this.joined) {
      this.joined = true;
      tell(this.path, 'joined');
      show('call', this.partner);
    }
    this.room.started();
    this.devices.enter();
  }

  private finish(why: Ending): void {
    if (this.ended) return;
    this.ended = why;
    if (why === 'taken') this.joined = false; // the call goes on, only not here
    this.hangUp();
    showOver(why, this.session);
  }

  private hangUp(): void {
    if (this.joined) tell(this.path, 'left');
    this.joined = false;
    this.room.close();
    this.av.stop();
    this.devices.close();
  }

  private countDown(): void {
    const { endsInMs } = this.session;
    if (endsInMs === null) return;
    run(new Countdown(endsInMs, () => performance.now()), {
      tick: (seconds) => {
        fill('clock', face(seconds));
        at('clock').classList.toggle('soon', seconds <= SOON);
      },
      mark: (seconds) => { if (!this.ended) this.room.announce(secondsLeft(seconds)); },
      over: () => {
        if (this.ended && mayTryAgain(this.ended)) showOver('round', this.session); // too late to rejoin
        else this.finish('round');
      },
    });
  }
}

async function open(): Promise<void> {
  wireOver();
  if (!canCall(window)) return showOver('unsuitable');
  const path = location.pathname.replace(/\/$/u, '');
  await entered(path);
  say(OPENING);
  try {
    await new Call(await openSession(path), path).lobby();
  } catch (error) {
    if (!(error instanceof NoSession)) return showOver('trouble');
    showOver(error.why, { retryAfter: error.retryAfter });
  }
}

void open();
