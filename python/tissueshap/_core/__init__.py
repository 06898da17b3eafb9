"""What every other package uses: the contract, its slots, checks, settings and messages."""
