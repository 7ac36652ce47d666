import requests
headers = {
    'Authorization': 'Bearer YOUR_API_TOKEN'
}
response = requests.get('https://api.example.com/v1/ai/workflow/chat/sessions', headers=headers, json={})
print(response.json())
