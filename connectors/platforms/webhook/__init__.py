"""The generic webhook: any system that can sign a POST."""
