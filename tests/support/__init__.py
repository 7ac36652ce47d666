"""What tests, and programs that test, share."""
