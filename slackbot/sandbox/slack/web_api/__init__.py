"""The Web API: its endpoint and the methods of each family."""
