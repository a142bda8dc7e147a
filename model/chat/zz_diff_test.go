package chat_test
import ("testing";"encoding/json";"clara/model/chat")
func TestZZ(t *testing.T){
 var cs []struct{Template,Want,Error string}
 json.Unmarshal([]byte(read(t,"/tmp/diff.json")),&cs)
 bad,n1,n2:=0,0,0
 for _,c:=range cs { got,err:=render(c.Template,[]chat.Message{{"user","hi"},{"assistant","yo"}})
  if c.Error=="" && (err!=nil || got!=c.Want) { n1++; if bad<12 {bad++; t.Errorf("%q\n got %q %v\nwant %q",c.Template[210:],got,err,c.Want)} }
  if c.Error!="" && err==nil { n2++; if n2<6 {t.Errorf("%q\n got %q\nwant error %s",c.Template[210:],got,c.Error)} }
 }
 t.Log(len(cs),n1,n2)
}
