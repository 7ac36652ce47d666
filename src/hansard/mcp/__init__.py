"""The sessions of a server as tools and resources of the Model Context Protocol.

Everything here reads through the client, so what an agent sees is what its key may see.
"""
