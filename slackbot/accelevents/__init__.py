"""The platform: HTTP calls and the Socket.IO feed."""
