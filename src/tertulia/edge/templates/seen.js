fetch(document.body.dataset.seen,{method:"POST",body:document.body.dataset.nonce,keepalive:true}).catch(()=>{})
