"""Between science and screen: state, jobs and history."""
