/** The emoji that are drawn for a shortcode; any other shortcode stays as it is typed. */

/** @type {Record<string, string>} */
export const EMOJI = {
  '+1': '👍', '-1': '👎', wave: '👋', tada: '🎉', rocket: '🚀', coffee: '☕', handshake: '🤝',
  white_check_mark: '✅', heavy_check_mark: '✔️', x: '❌', warning: '⚠️', hourglass: '⌛',
  hourglass_flowing_sand: '⏳', clock1: '🕐', calendar: '📅', date: '📅', bell: '🔔', no_bell: '🔕',
  eyes: '👀', smile: '😄', slightly_smiling_face: '🙂', grin: '😁', heart: '❤️', fire: '🔥',
  sparkles: '✨', star: '⭐', bulb: '💡', mag: '🔍', link: '🔗', lock: '🔒', key: '🔑', email: '✉️',
  phone: '☎️', movie_camera: '🎥', camera: '📷', microphone: '🎤', speech_balloon: '💬',
  busts_in_silhouette: '👥', bust_in_silhouette: '👤', wrench: '🔧', gear: '⚙️', memo: '📝',
  zap: '⚡', sunny: '☀️', pray: '🙏', clap: '👏', raised_hands: '🙌', point_right: '👉',
};
