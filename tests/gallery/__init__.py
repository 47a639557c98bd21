"""The gallery: pictures of every mail, for eyes to judge. `make gallery` takes them anew."""
