"""The moments of the documentation's pictures, each played in a running playground.

To add one, write a function in `scenes.py`; its docstring is the caption. Then run `make pictures`.
"""
