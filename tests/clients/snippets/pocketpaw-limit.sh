curl -X GET "http://localhost:8000/api/sessions?limit=50" \
-H "Authorization: Bearer <token>"
