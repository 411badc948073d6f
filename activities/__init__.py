"""One keyed side effect each. An activity may be run twice; its effect happens once."""
