/**
 * The shapes of what the server sends. Nothing here runs.
 *
 * @typedef {{ type: 'plain_text' | 'mrkdwn', text: string }} Text
 * @typedef {{ text: Text, value: string, description?: Text, url?: string }} Option
 * @typedef {{ label: Text, options: Option[] }} OptionGroup
 * @typedef {{ title: Text, text: Text, confirm: Text, deny: Text, style?: string }} Confirm
 *
 * @typedef {object} Element An interactive element or a picture of Block Kit; fields by its type.
 * @property {string} type
 * @property {string} action_id
 * @property {Text} [text]
 * @property {string} [style]
 * @property {string} [url]
 * @property {string} [image_url]
 * @property {string} [alt_text]
 * @property {string} [accessibility_label]
 * @property {Confirm} [confirm]
 * @property {Text} [placeholder]
 * @property {Option[]} [options]
 * @property {OptionGroup[]} [option_groups]
 * @property {boolean} [multiline]
 * @property {number} [max_length]
 * @property {boolean} [focus_on_load]
 *
 * @typedef {object} RichPart A part of rich_text; fields by its type.
 * @property {string} type
 * @property {RichPart[]} [elements]
 * @property {string | Record<string, boolean>} [style]
 * @property {string} [text]
 * @property {string} [url]
 * @property {string} [name]
 * @property {string} [range]
 * @property {string} [user_id]
 * @property {string} [channel_id]
 * @property {string} [usergroup_id]
 * @property {number} [timestamp]
 * @property {string} [format]
 * @property {string} [fallback]
 * @property {string} [timezone]
 *
 * @typedef {object} Block
 * @property {string} type
 * @property {string} block_id
 * @property {Text} [text]
 * @property {Text[]} [fields]
 * @property {Element} [accessory]
 * @property {any[]} [elements]
 * @property {Element} [element]
 * @property {Text} [label]
 * @property {Text} [hint]
 * @property {Text} [title]
 * @property {boolean} [optional]
 * @property {boolean} [dispatch_action]
 * @property {string} [image_url]
 * @property {string} [alt_text]
 *
 * @typedef {object} Item A message, the top modal or Home.
 * @property {string} key
 * @property {string} id
 * @property {'message' | 'error' | 'modal' | 'home'} kind
 * @property {string} place The id of a channel, `modal` or `home`.
 * @property {number} changed
 * @property {Block[]} blocks
 * @property {string} [author]
 * @property {boolean} [by_bot]
 * @property {boolean} [only_you]
 * @property {number} [ts]
 * @property {boolean} [edited]
 * @property {string} [text]
 * @property {boolean} [mrkdwn]
 * @property {string | null} [title]
 * @property {string | null} [submit]
 * @property {string | null} [close]
 * @property {Record<string, Record<string, Record<string, any>>>} [values]
 * @property {Record<string, string>} [errors]
 * @property {string | null} [failure]
 *
 * @typedef {{ order: string[], items: Item[] }} ScreenNews
 * @typedef {{ at: number, magic_link: string, event_link: string }} Letter
 * @typedef {{ name: string, id: string, real_name: string, role: string, tz: string, dm: string, letters: Letter[] }} Person
 *
 * @typedef {object} Hop
 * @property {number} ms
 * @property {'person' | 'fault' | 'bot' | 'slack' | 'platform' | 'socket' | 'sees'} kind
 * @property {string} what
 * @property {string | null} who
 * @property {string} detail
 * @property {number | null} seconds
 * @property {boolean} ok
 *
 * @typedef {{ name: string, title: string, effect: string, lasting: boolean, of_person: boolean, on: boolean }} Fault
 * @typedef {{ faults: Fault[], round_seconds: number, rounds: number[] }} DeskState
 * @typedef {{ number: number, of: number, title: string, look: Record<string, string>, next: string, playing: boolean, problem: string }} StoryState
 * @typedef {{ command: string, description: string, usage_hint?: string }} SlashCommand
 * @typedef {{ name: string, callback_id: string, description: string }} Shortcut
 * @typedef {{ command: SlashCommand, shortcuts: Shortcut[], bot: string, no_calls: string }} About
 *
 * @typedef {object} Reader The person for whom something is drawn.
 * @property {string} tz
 * @property {Record<string, string>} names By id.
 * @property {(url: string, event: Event) => void} follow Called when a link that leaves this machine is pressed.
 */
export {};
