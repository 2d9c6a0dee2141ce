"""Pictures, data sets and tables: from files to arrays and back."""
