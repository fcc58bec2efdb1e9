/** The Chime meeting: one session of the SDK, its many callbacks made few. */

import {
  DefaultDeviceController,
  DefaultMeetingSession,
  DefaultModality,
  MeetingSessionConfiguration,
  NoOpLogger,
  type AudioVideoFacade,
  type AudioVideoObserver,
  type VideoTileState,
} from 'amazon-chime-sdk-js';
import { endingOf, type Ending } from './endings.ts';
import type { Session } from './session.ts';
import type { Presence } from './status.ts';
import { live, video, type Tile } from './tiles.ts';

/** The SDK's own limit keeps a person at "Connecting" for two minutes. */
const RECONNECT_FOR_MS = 30_000;

/** What the rest of the page hears of a meeting. */
export interface Heard {
  connecting(again: boolean): void;
  started(): void;
  stopped(why: Ending): void;
  partner(presence: Presence): void;
  partnerMuted(muted: boolean): void;
  weak(weak: boolean): void;
}

/** Prepares the meeting; nothing is connected before `start()`. */
export function prepare(session: Session, heard: Heard): AudioVideoFacade {
  const logger = new NoOpLogger(); // the SDK's log has no place for a join token, nor has this page for its log
  const configuration = new MeetingSessionConfiguration(session.meeting, session.attendee);
  configuration.reconnectTimeoutMs = RECONNECT_FOR_MS;
  if (configuration.urls) configuration.urls.eventIngestionURL = null; // no telemetry
  const devices = new DefaultDeviceController(logger, { enableWebAudio: false });
  const av = new DefaultMeetingSession(configuration, logger, devices).audioVideo;
  av.chooseVideoInputQuality(640, 360, 15);
  av.addObserver(observer(av, heard));
  listen(av, configuration.credentials?.attendeeId ?? '', heard);
  return av;
}

function observer(av: AudioVideoFacade, heard: Heard): AudioVideoObserver {
  const tiles = new Map<number, Tile>();
  return {
    audioVideoDidStartConnecting: (again) => heard.connecting(again),
    audioVideoDidStart: () => heard.started(),
    audioVideoDidStop: (status) => heard.stopped(endingOf(status.statusCode())),
    connectionDidBecomePoor: () => heard.weak(true),
    connectionDidSuggestStopVideo: () => heard.weak(true),
    connectionDidBecomeGood: () => heard.weak(false),
    videoTileDidUpdate: (state: VideoTileState) => {
      if (state.tileId === null || state.isContent) return;
      const tile: Tile = state.localTile ? 'local' : 'remote';
      tiles.set(state.tileId, tile);
      av.bindVideoElement(state.tileId, video(tile));
      live(tile, state.active && state.boundVideoStream !== null);
    },
    videoTileWasRemoved: (id) => {
      const tile = tiles.get(id);
      tiles.delete(id);
      if (tile && ![...tiles.values()].includes(tile)) live(tile, false);
    },
  };
}

/** Who comes and goes, and who is muted. Oneself and shared screens are left out. */
function listen(av: AudioVideoFacade, self: string, heard: Heard): void {
  const there = new Set<string>();
  av.realtimeSubscribeToAttendeeIdPresence((id, present, _external, dropped) => {
    if (new DefaultModality(id).base() !== id || id === self) return;
    if (present === there.has(id)) return;
    if (present) {
      there.add(id);
      av.realtimeSubscribeToVolumeIndicator(id, (_id, _volume, muted) => {
        if (muted !== null) heard.partnerMuted(muted);
      });
    } else {
      there.delete(id);
      av.realtimeUnsubscribeFromVolumeIndicator(id);
      heard.partnerMuted(false);
    }
    if (there.size > 0) heard.partner('here');
    else heard.partner(dropped ? 'dropped' : 'left');
  });
}
