curl -X GET "http://localhost:8000/api/sessions" \
  -H "Content-Type: application/json" \
  -H "Authorization: Bearer <token>"
