"""Sessions out of foreign files, and sessions out of the store into files of our own."""
