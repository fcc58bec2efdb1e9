"""The Web API: one endpoint, and the methods by family."""
