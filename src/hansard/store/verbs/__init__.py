"""What the store can do, one noun a file.

Each verb is a generator of queries and one transaction.
"""
