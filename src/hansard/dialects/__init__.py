"""The products' APIs that we speak, one file each; none knows another."""
