curl --request GET \
  --url https://api.konvoai.com/ai-sessions \
  --header 'x-api-key: <api-key>'
