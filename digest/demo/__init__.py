"""The sample day: a publisher, its news of one Monday, and its readers, all invented."""
