/** One's own camera and microphone: on, off, another one, gone. */

import type { AudioVideoFacade } from 'amazon-chime-sdk-js';
import { ask, askFor, problemOf, type Access, type Kind, type Problem } from './access.ts';
import { chosen, list, onChoose } from './menus.ts';
import { Meter } from './meter.ts';
import { press, warn } from './page.ts';
import { live, video } from './tiles.ts';
import { CAMERA_GONE, MICROPHONE_GONE, MUTED_BY_SERVICE, deviceProblem } from './words.ts';

const missing = (given: MediaStreamTrack | Problem): given is Problem => typeof given === 'string';

export class Devices {
  /** `on` is what the person wants, `there` what the browser gave. */
  private readonly mic = { on: true, there: false };
  private readonly camera = { on: true, there: false };
  private inCall = false;
  private closed = false;
  private work: Promise<void> = Promise.resolve();
  private readonly meter: Meter;

  constructor(private readonly av: AudioVideoFacade) {
    this.meter = new Meter(av, () => this.mic.on);
    av.setDeviceLabelTrigger(async () => new MediaStream()); // we ask ourselves, once
    av.addDeviceChangeObserver({
      audioInputsChanged: (devices) => list('audioinput', devices ?? []),
      videoInputsChanged: (devices) => list('videoinput', devices ?? []),
      audioOutputsChanged: (devices) => list('audiooutput', devices ?? []),
      audioInputStreamEnded: () => this.lost('audio', MICROPHONE_GONE),
      videoInputStreamEnded: () => this.lost('video', CAMERA_GONE),
    });
    av.realtimeSubscribeToMuteAndUnmuteLocalAudio((muted) => {
      this.mic.on = !muted;
      this.paint();
    });
    onChoose('audioinput', (id) => this.queue('audio', () => this.hear(id, !this.mic.there)));
    onChoose('videoinput', (id) => this.queue('video', () => (this.camera.on ? this.see(id) : Promise.resolve())));
    onChoose('audiooutput', (id) => { av.chooseAudioOutput(id).catch(() => undefined); });
    this.paint();
  }

  /** Asks for both and shows what was given. The call works with either, or with none. */
  async open(): Promise<void> {
    const given = await ask();
    if (this.closed) {
      for (const track of [given.audio, given.video]) if (!missing(track)) track.stop();
      return;
    }
    await this.queue('audio', () => this.take('audio', given.audio));
    await this.queue('video', () => this.take('video', given.video));
    explain(given);
    await this.list(given);
  }

  toggleMic(): void {
    void this.queue('audio', async () => {
      if (this.mic.on) this.av.realtimeMuteLocalAudio();
      else if (!this.mic.there) await this.retry('audio');
      else if (!this.av.realtimeUnmuteLocalAudio()) warn(MUTED_BY_SERVICE);
    });
  }

  toggleCamera(): void {
    void this.queue('video', async () => {
      if (this.camera.on) await this.unsee();
      else if (chosen('videoinput')) await this.see(chosen('videoinput'));
      else await this.retry('video');
    });
  }

  /** The call has begun, or begun again after a lost connection. */
  enter(): void {
    this.inCall = true;
    this.meter.stop();
    if (this.camera.on && this.camera.there) this.av.startLocalVideoTile();
  }

  /** Gives both back, so that the camera's light goes out. */
  close(): void {
    this.closed = true;
    this.meter.stop();
    void Promise.allSettled([this.av.stopAudioInput(), this.av.stopVideoInput()]);
    video('local').srcObject = null;
    live('local', false);
  }

  /** What the first question gave. What was switched off meanwhile stays off. */
  private async take(kind: Kind, given: MediaStreamTrack | Problem): Promise<void> {
    if (missing(given)) this.without(kind);
    else if (kind === 'audio') await this.hear(new MediaStream([given]), false);
    else if (this.camera.on) await this.see(new MediaStream([given]));
    else given.stop();
  }

  /** Another try, after a switch was pressed that had nothing behind it. */
  private async retry(kind: Kind): Promise<void> {
    const given = await askFor(kind);
    if (missing(given)) return warn(deviceProblem(kind, given));
    warn('');
    if (kind === 'audio') await this.hear(new MediaStream([given]), true);
    else await this.see(new MediaStream([given]));
    await this.list({ audio: 'missing', video: 'missing', [kind]: given });
  }

  private without(kind: Kind): void {
    if (kind === 'audio') this.av.realtimeMuteLocalAudio(); // so that the partner sees it, too
    Object.assign(kind === 'audio' ? this.mic : this.camera, { on: false, there: false });
    if (kind === 'video') live('local', false);
  }

  private async hear(device: string | MediaStream, unmute: boolean): Promise<void> {
    await this.av.startAudioInput(device);
    this.mic.there = true;
    if (unmute) this.mic.on = this.av.realtimeUnmuteLocalAudio();
    if (!this.inCall) this.meter.start();
  }

  private async see(device: string | MediaStream): Promise<void> {
    await this.av.startVideoInput(device);
    Object.assign(this.camera, { on: true, there: true });
    if (this.inCall) this.av.startLocalVideoTile();
    else this.av.startVideoPreviewForVideoInput(video('local'));
    live('local', true);
  }

  private async unsee(): Promise<void> {
    this.camera.on = false;
    live('local', false);
    if (this.inCall) this.av.stopLocalVideoTile();
    else this.av.stopVideoPreviewForVideoInput(video('local'));
    await this.av.stopVideoInput();
  }

  private lost(kind: Kind, sentence: string): void {
    this.without(kind);
    if (kind === 'video' && this.inCall) this.av.stopLocalVideoTile();
    warn(sentence);
    this.paint();
  }

  private async list(given: Access): Promise<void> {
    const using = (track: MediaStreamTrack | Problem): string => (missing(track) ? '' : track.getSettings().deviceId ?? '');
    list('audioinput', await this.av.listAudioInputDevices(), using(given.audio));
    list('videoinput', await this.av.listVideoInputDevices(), using(given.video));
    list('audiooutput', await this.av.listAudioOutputDevices());
  }

  /** One change at a time, in the order of the clicks. */
  private queue(kind: Kind, change: () => Promise<void>): Promise<void> {
    this.work = this.work.then(async () => {
      if (this.closed) return;
      try {
        await change();
      } catch (error) {
        this.without(kind);
        warn(deviceProblem(kind, problemOf(error)));
      }
      this.paint();
    });
    return this.work;
  }

  private paint(): void {
    press('mic', this.mic.on);
    press('cam', this.camera.on);
  }
}

function explain({ audio, video: picture }: Access): void {
  if (missing(audio) && audio === picture) warn(deviceProblem('both', audio));
  else if (missing(audio)) warn(deviceProblem('audio', audio));
  else if (missing(picture)) warn(deviceProblem('video', picture));
}
