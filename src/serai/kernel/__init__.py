"""The ground floor: what a transactional service needs, whatever it sells."""
