"""Amazon Chime on one machine: the API that creates meetings, and their media plane.

Accelevents is a customer of the API (`Chime`): it creates a meeting for every pairing and an
attendee for each side. Browsers with an unmodified amazon-chime-sdk-js then meet on the
`MediaPlane`, which speaks the signalling protocol as observed from the SDK and forwards audio and
video. Media needs aiortc, which comes with the optional group `browser` and is imported only then.

This is an interpretation of the protocol: it shows that page, server and SDK work together, and
proves nothing about the service itself.
"""

from slackbot.sandbox.chime.api import Attendee, Chime
from slackbot.sandbox.chime.signalling import Knobs, MediaPlane, missing_requirement

__all__ = ["Attendee", "Chime", "Knobs", "MediaPlane", "missing_requirement"]
