"""The interfaces of agent frameworks, over the client: import the module of your framework.

Each module needs the extra of its name: ``pip install 'hansard[langgraph]'``.
"""
