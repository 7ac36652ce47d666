"""The thin frame between ASGI and the service: routes, calls, replies, errors, OpenAPI.

It knows no product's words.
"""
