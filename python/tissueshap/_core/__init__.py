"""What every other package rests on: the contract, its slots, checks, settings and messages."""
