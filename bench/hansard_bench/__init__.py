"""The benchmark: seeded data, a load generator, yardsticks beside it, and one table of ratios."""
