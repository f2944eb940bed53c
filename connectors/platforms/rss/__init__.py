"""RSS and Atom feeds: blogs, boards, news pages."""
