/** Whether this browser can make calls at all; asked before anything is used up. */

const NEEDED = ['RTCPeerConnection', 'WebSocket', 'AudioContext', 'MediaStream'];

/** True where camera, WebRTC and sound are there; an in-app browser often lacks the first. */
export function canCall(here: Window): boolean {
  return here.isSecureContext
    && typeof here.navigator.mediaDevices?.getUserMedia === 'function'
    && NEEDED.every((name) => name in here);
}
