const response = await fetch("http://localhost:8000/api/sessions?limit=50", {
headers: { "Authorization": "Bearer <token>" }
});
const data = await response.json();
console.log(data);
