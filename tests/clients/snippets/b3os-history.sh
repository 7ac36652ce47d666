curl -X GET 'https://api.example.com/v1/ai/workflow/chat/history' \
  -H 'Authorization: Bearer YOUR_API_TOKEN' \
  -H 'Content-Type: application/json' \
  -d '{}'
