"""The HTTP side: creditors place accounts, providers tell what happened, consumers pay."""
