"""The checks of `slackbot doctor`."""
