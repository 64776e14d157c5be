"""What agents did, read from the files that they leave, and made into chats to learn from where the tests say
that it was right."""
