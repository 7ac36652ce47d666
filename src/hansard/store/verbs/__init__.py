"""What the store can do, one noun a file: each verb is a generator of queries and one transaction."""
