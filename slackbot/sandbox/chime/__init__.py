"""Amazon Chime on one machine: the API that makes meetings, and the media plane they happen in.

Accelevents is a customer of the API (`Chime`): it makes a meeting for every pairing and a pass
for each side. Browsers with an unmodified amazon-chime-sdk-js then meet on the `MediaPlane`, which
speaks the signalling protocol as the SDK was seen to use it and forwards sound and pictures. For
these it needs aiortc, which comes with the optional group `browser` and is imported only then.

It is our reading of the protocol: it shows that page, server and SDK work together, and says
nothing about the service itself.
"""

from slackbot.sandbox.chime.api import Chime, Pass
from slackbot.sandbox.chime.signalling import Dials, MediaPlane, what_is_missing

__all__ = ["Chime", "Dials", "MediaPlane", "Pass", "what_is_missing"]
