"""Pure builders of Block Kit: values in, a `Message` or a view out."""
