import requests

response = requests.get(
    "http://localhost:8000/api/sessions",
    headers={'Content-Type':'application/json','Authorization':'Bearer <token>'},
)

print(response.json())
