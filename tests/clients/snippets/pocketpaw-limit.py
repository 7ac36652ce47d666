import requests
response = requests.get(
"http://localhost:8000/api/sessions",
params={"limit": 50},
headers={"Authorization": "Bearer <token>"},
)
print(response.json())
