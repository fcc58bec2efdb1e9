/** The bar that moves with the voice, so that one sees before the call that the microphone works. */

import type { AudioVideoFacade, RemovableAnalyserNode } from 'amazon-chime-sdk-js';
import { at } from './page.ts';

const EVERY_MS = 80;
/** Loud speech reaches about half of full scale; the bar is full there. */
const FULL = 64;

/** How loud it is, 0 to 1, in samples of 8 bits around 128. */
export const loudness = (samples: Uint8Array): number =>
  Math.min(1, samples.reduce((most, sample) => Math.max(most, Math.abs(sample - 128)), 0) / FULL);

export class Meter {
  private analyser: RemovableAnalyserNode | null = null;
  private timer: ReturnType<typeof setInterval> | undefined;

  constructor(private readonly av: AudioVideoFacade, private readonly listening: () => boolean) {}

  /** Begins, or begins again with another microphone. */
  start(): void {
    this.stop();
    this.analyser = this.av.createAnalyserNodeForAudioInput();
    if (!this.analyser) return;
    const samples = new Uint8Array(this.analyser.fftSize);
    this.timer = setInterval(() => {
      this.analyser?.getByteTimeDomainData(samples);
      this.draw(this.listening() ? loudness(samples) : 0);
    }, EVERY_MS);
  }

  stop(): void {
    clearInterval(this.timer);
    this.analyser?.removeOriginalInputs();
    this.analyser = null;
    this.draw(0);
  }

  private draw(level: number): void {
    at<HTMLMeterElement>('level').value = level;
  }
}
