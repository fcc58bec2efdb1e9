"""Clients for Accelevents: the HTTP API and the Socket.IO feed."""
