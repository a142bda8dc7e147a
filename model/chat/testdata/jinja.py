"""Writes jinja.json: what Jinja makes of the templates below, in the environment that transformers gives to
chat templates. Run it in this folder, with jinja2 3.1 installed, after a change of the list."""

import json
from datetime import datetime

import jinja2
from jinja2.ext import loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment

MESSAGES = [
    {"role": "system", "content": " Be brief.\n"},
    {"role": "user", "content": "Größe <b> & \"Maß\" 🤔?"},
    {"role": "assistant", "content": "<think>\na\n</think>\n\nIt's 3."},
    {"role": "user", "content": ""},
]

TEMPLATES = r"""
{# white space #}
a {% if true %} b {% endif %} c
--
{% if true %}
  x
{% endif %}
y
--
  {% if true %}
    x
  {%- endif %}
 y
--
a
   {%- if true -%}
   x
   {%- endif -%}
  b
--
a {{- 1 -}} b
--
  {{ 1 }}
  {{ 2 }}

--
{% for i in [1,2] %}
{{ i }}
{% endfor %}

{% for i in [1,2] -%}
  {{ i }},
{%- endfor %}
--
   {%+ if true %}x{% endif +%}
y
--
   {# comment #}
x {# comment #}
{#- both -#}  y
--
{% raw %}
 {{ x }} {% if %}
  {% endraw %}
z
--
a	{% set x = 1 %}	b
--
x{% set y = 1 %}

{{ y }}
--
{{ 'a'
  ~ 'b' }}
--
{%if true%}1{%else%}2{%endif%}
--
{{ "}}" }}{{ '%}' }}{{ {'a': {'b': 1}}['a']['b'] }}
{# expressions #}
--
{{ 1 + 2 * 3 - 4 }} {{ 7 // 2 }} {{ -7 // 2 }} {{ -7 % 3 }} {{ 7 / 2 }} {{ 2 ** 10 }} {{ 2 ** -1 }} {{ 6 / 2 }}
--
{{ 1 ~ 1 + '2' }} {{ 1 + 1 ~ 2 if false }}
--
{{ -2 ** 2 }} {{ 2 ** 3 ** 2 }} {{ (1, 2)[0] }} {{ - 3 | abs }}
--
{{ 1.0 }} {{ 10000000000.5 }} {{ 1e100 }} {{ 0.00001 }} {{ 1e16 }} {{ 123456789012345.0 }} {{ 1.5e-7 }} {{ 1_000 }}
--
{{ true }} {{ false }} {{ none }} {{ True }} {{ None }} {{ [1, 'a', none, 1.5, true] }} {{ {'a': [1], 'b': "it's"} }}
--
{{ 1 < 2 < 3 }} {{ 1 < 2 > 3 }} {{ 1 == 1.0 }} {{ true == 1 }} {{ 'a' < 'b' }} {{ 1 != 2 }} {{ [1] == [1] }} {{ none == none }}
--
{{ 'a' in 'cat' }} {{ 'x' not in 'cat' }} {{ 1 in [1, 2] }} {{ 'k' in {'k': 1} }} {{ not 1 in [2] }} {{ 'a' in nothing }}
--
{{ 'a' and 'b' }} {{ '' or 'c' }} {{ none or 0 }} {{ not '' }} {{ 1 and 0 or 5 }}
--
{{ 'yes' if 1 else 'no' }}{{ 'gone' if 0 }}|{{ 1 if 0 else 2 if 0 else 3 }}
--
{{ 'abc'[0] }}{{ 'abc'[-1] }}{{ 'abc'[1:] }}{{ 'abc'[::-1] }}{{ 'äöü'[1] }}{{ 'abcdef'[1:5:2] }}{{ 'abc'[:-1] }}{{ 'abc'[5:] }}{{ 'abc'[-10:2] }}
--
{{ [1,2,3][1:] }} {{ [1,2,3][::-1] }} {{ [1,2,3,4,5][-2:] }} {{ [1,2,3,4,5][::2] }} {{ [1,2,3,4,5][4:1:-2] }} {{ [1,2,3][:] }} {{ [1,2,3][-100:100:100] }}
--
{{ 'a' 'b' "c" }} {{ 'it\'s' }} {{ "a\nb\tc\\d" }} {{ '\u00e4\x41' }} {{ '\d' }}
--
{{ [1] + [2] }} {{ 'ab' * 3 }} {{ 2 * 'x' }} {{ [0] * 3 }} {{ 'a' * 0 }} {{ 'a' * -1 }}
--
{{ {'a': 1}['a'] }} {{ {'a': 1}.a }} {{ {'a': 1}.b is defined }} {{ {'a': 1}['b'] is undefined }} {{ [1,2].0 }} {{ [1][7] is defined }}
--
{{ nothing }}|{{ nothing is defined }}|{{ nothing | default('d') }}|{{ nothing or 'e' }}|{{ nothing | length }}|{{ nothing == none }}
--
{{ (1 if true) ~ 'x' }} {{ [1, 2,] }} {{ (1,) | length }} {{ 'x' ~ none }} {{ 'x' ~ nothing }} {{ 'x' ~ 1.50 }}
{# statements #}
--
{% if 0 %}a{% elif '' %}b{% elif [] %}c{% else %}d{% endif %}
--
{% for m in messages %}{{ loop.index }}{{ loop.index0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }}{{ loop.revindex }} {{ m.role }}{{ loop.previtem.role if loop.previtem is defined }}{{ loop.nextitem.role if loop.nextitem is defined else '.' }};{% endfor %}
--
{% for m in messages if m.role == 'user' %}{{ loop.index }}/{{ loop.length }}{{ m['content'] }}{% else %}none{% endfor %}
--
{% for x in [] %}{{ x }}{% else %}empty{% endfor %}{% for c in 'äb' %}{{ c }}.{% endfor %}{% for k in {'a': 1, 'b': 2} %}{{ k }}{% endfor %}{% for x in nothing %}x{% endfor %}
--
{% for k, v in {'b': 1, 'a': 2}.items() %}{{ k }}={{ v }};{% endfor %}{% for k, v in {'b': 1, 'a': 2} | dictsort %}{{ k }}={{ v }};{% endfor %}{% for k, v in {'b': 1} | items %}{{ k }}{% endfor %}
--
{% for i in range(10) %}{% if i == 2 %}{% continue %}{% endif %}{% if i == 5 %}{% break %}{% endif %}{{ i }}{% endfor %}
--
{% for i in range(3) %}{% for j in range(3) %}{% if j == 1 %}{% break %}{% endif %}{{ i }}{{ j }} {% endfor %}{{ loop.index }};{% endfor %}
--
{% set x = 1 %}{% for i in [1] %}{% set x = 2 %}{{ x }}{% endfor %}{{ x }}{% if true %}{% set x = 3 %}{% endif %}{{ x }}
--
{% set ns = namespace(found=false, n=0) %}{% for i in range(3) %}{% set ns.n = ns.n + i %}{% set ns.found = true %}{% endfor %}{{ ns.n }}{{ ns.found }}
--
{% set a, b = 1, 2 %}{{ a }}{{ b }}{% set t = 'x', 'y' %}{{ t[1] }}{% for a, b in [[1, 2], [3, 4]] %}{{ a + b }}{% endfor %}
--
{% set x %} a {{ 1 }} {% endset %}[{{ x }}]{% set y | upper | trim %} b {% endset %}[{{ y }}]
--
{% macro f(a, b='B', c=none) %}<{{ a }}{{ b }}{{ c }}>{% endmacro %}{{ f(1) }}{{ f(1, 2) }}{{ f(b=1, a=2) }}{{ f(1, c=3) | upper }}{{ f() }}
--
{%- macro outer(x) -%}({{ inner(x) }}){%- endmacro -%}{%- macro inner(x) -%}[{{ x }}]{%- endmacro -%}{{ outer('q') }}
--
{% set g = 'global' %}{% macro f() %}{{ g }}{% endmacro %}{% set g = 'changed' %}{{ f() }}
--
{% macro fact(n) %}{% if n <= 1 %}1{% else %}{{ n * (fact(n - 1) | int) }}{% endif %}{% endmacro %}{{ fact(10) }}
--
{% macro wrap(t) %}<{{ t }}>{{ caller() }}</{{ t }}>{% endmacro %}{% call wrap('b') %}x{{ 1 }}{% endcall %}
--
{% macro each(l) %}{% for i in l %}{{ caller(i) }}{% endfor %}{% endmacro %}{% call(i) each([1, 2]) %}[{{ i }}]{% endcall %}
--
{% filter upper | replace('A', 'b') %}banana{% endfilter %}
--
{% with a = 1, b = 2 %}{{ a + b }}{% set a = 9 %}{% endwith %}{{ a is defined }}
--
{% for i in [1, [2, [3]]] recursive %}{{ loop(i) if i is iterable else i }}{{ loop.depth }},{% endfor %}
--
{% for i in range(4) %}{{ loop.cycle('a', 'b') }}{% endfor %}{% for i in [1, 1, 2] %}{{ loop.changed(i) }}{% endfor %}
--
{% generation %}x{% endgeneration %}
{# filters #}
--
{{ '  a ' | trim }}|{{ 'xxaxx' | trim('x') }}|{{ ' a b ' | upper }}|{{ 'ABC' | lower }}|{{ 'hello wORLD' | title }}|{{ 'hELLO' | capitalize }}|{{ 'straße' | upper }}
--
{{ [1, 2] | length }}{{ 'äö' | length }}{{ {'a': 1} | count }}{{ [3, 1, 2] | first }}{{ [3, 1, 2] | last }}{{ 'abc' | first }}{{ [] | first is defined }}
--
{{ ['a', 1, none] | join(', ') }}|{{ ['a', 'b'] | join }}|{{ messages | join('/', attribute='role') }}|{{ 'abc' | join('-') }}
--
{{ 'aXbX' | replace('X', '-') }}{{ 'aXbX' | replace('X', '-', 1) }}{{ 'ab' | replace('', '.') }}{{ 5 | replace(5, 6) if false }}
--
{{ '' | default('x') }}|{{ '' | default('x', true) }}|{{ none | default('x') }}|{{ none | d('x', boolean=true) }}|{{ nothing.x | default('z') if false }}
--
{{ messages | map(attribute='role') | list }}{{ messages | map(attribute='nope', default='-') | join }}{{ [' a ', 'b '] | map('trim') | list }}{{ [1, 2] | map('string') | join('+') }}
--
{{ messages | selectattr('role', 'equalto', 'user') | list | length }}{{ messages | rejectattr('role', 'in', ['user', 'system']) | map(attribute='role') | list }}{{ messages | selectattr('content') | list | length }}
--
{{ [1, 2, 3, 4] | select('even') | list }}{{ [1, 2, 3, 4] | reject('odd') | list }}{{ [0, 1, ''] | select | list }}{{ [1, 5] | select('gt', 3) | list }}
--
{{ '42' | int }}{{ ' 7 ' | int }}{{ 'x' | int }}{{ 'x' | int(5) }}{{ 3.9 | int }}{{ '3.9' | int }}{{ '1.5' | float }}{{ 'q' | float }}{{ 3 | float }}{{ true | int }}
--
{{ -3 | abs }}{{ (-3) | abs }}{{ 2.5 | round }}{{ 3.14159 | round(2) }}{{ 2.1 | round(method='ceil') }}{{ 2.9 | round(0, 'floor') }}
--
{{ [3, 1, 2] | sort }}{{ ['b', 'A', 'c'] | sort }}{{ [3, 1] | sort(reverse=true) }}{{ messages | sort(attribute='role') | map(attribute='role') | list }}{{ ['b', 'A'] | sort(case_sensitive=true) }}
--
{{ [1, 2, 1, 'a', 'A'] | unique | list }}{{ [1, 3, 2] | min }}{{ [1, 3, 2] | max }}{{ [1, 2, 3] | sum }}{{ [{'n': 1}, {'n': 2}] | sum(attribute='n') }}{{ [1] | sum(start=10) }}
--
{{ [1, 2, 3] | reverse | list }}{{ 'abc' | reverse }}{{ 'ab' | list }}{{ {'a': 1} | list }}
--
{{ 'a\nb\n\nc' | indent }}|{{ 'a\nb' | indent(2, true) }}|{{ 'a\n\nb' | indent(width=1, blank=true) }}|{{ 'a\nb' | indent('> ') }}
--
{{ '<a href="x">\'&' | escape }}|{{ '<' | e }}|{{ '<b>' | safe }}
--
{{ messages[1].content | tojson }}|{{ {'q': 1, 'a': [true, none, 1.5, 'x\ty']} | tojson }}|{{ '</script>\u2028' | tojson }}|{{ 'ä🤔' | tojson }}
--
{{ {'b': {'c': []}, 'a': [1, {}]} | tojson(indent=2) }}
--
{{ {'b': 1, 'a': 2} | tojson(sort_keys=true) }}|{{ [1, {'a': 2}] | tojson(separators=(',', ':')) }}|{{ 1e20 | tojson }}|{{ messages | tojson }}
--
{{ 5 | string ~ 'x' }}{{ none | string }}{{ [1, 'a'] | string }}{{ "it's" | string }}{{ ["it's", 'say "x"', 'a\\b\n'] }}
--
{{ none | select | list }}{{ 0 | map('string') | list }}{{ 'a-b (c d' | title }}{{ 3 | round }}{{ [nothing] }}{{ (1, 'a') }}{{ (1,) }}{{ () }}{{ none[1:] }}{{ {'a': 1}.items() | list }}
{# tests #}
--
{{ 1 is odd }}{{ 2 is even }}{{ 9 is divisibleby 3 }}{{ 'a' is string }}{{ 1 is number }}{{ 1.0 is float }}{{ 1 is integer }}{{ true is boolean }}{{ true is integer }}{{ true is number }}
--
{{ none is none }}{{ 1 is not none }}{{ {} is mapping }}{{ [] is sequence }}{{ 'a' is sequence }}{{ [] is iterable }}{{ 1 is iterable }}{{ 'a' is iterable }}{{ {} is iterable }}{{ range is callable }}
--
{{ 1 is eq 1 }}{{ 1 is ne 2 }}{{ 1 is lt 2 }}{{ 3 is ge(2) }}{{ 1 is in [1] }}{{ 'A' is upper }}{{ 'a' is lower }}{{ true is true }}{{ 1 is true }}{{ false is false }}{{ none is sameas none }}
--
{{ nothing is defined and nothing.x }}{{ 1 + 1 is number }}{{ not nothing is defined }}
{# methods #}
--
{{ ' a '.strip() }}|{{ 'xay'.strip('xy') }}|{{ ' a'.lstrip() }}|{{ 'a\n'.rstrip() }}|{{ 'a-b-c'.split('-') }}|{{ ' a  b '.split() }}|{{ 'a-b-c'.split('-', 1) }}|{{ 'a-b-c'.rsplit('-', 1) }}
--
{{ 'abc'.startswith('a') }}{{ 'abc'.endswith(('x', 'bc')) }}{{ 'aBc'.upper() }}{{ 'ABC'.lower() }}{{ 'hi there'.title() }}{{ 'hI'.capitalize() }}{{ 'aXb'.replace('X', 'Y') }}
--
{{ 'äbc'.find('c') }}{{ 'abca'.rfind('a') }}{{ 'abc'.find('z') }}{{ 'banana'.count('an') }}{{ ', '.join(['a', 'b']) }}{{ 'a\nb\r\nc\n'.splitlines() }}{{ ''.splitlines() }}
--
{{ '12'.isdigit() }}{{ ''.isdigit() }}{{ 'a1'.isalnum() }}{{ 'ab'.isalpha() }}{{ ' '.isspace() }}{{ 'AB'.isupper() }}{{ 'ab1'.islower() }}{{ '1'.isupper() }}{{ 'abc'.removeprefix('a') }}{{ 'abc'.removesuffix('c') }}
--
{{ {'a': 1}.get('a') }}{{ {'a': 1}.get('b') }}{{ {'a': 1}.get('b', 7) }}{{ {'a': 1, 'b': 2}.keys() | list }}{{ {'a': 1}.values() | list }}{{ messages[0].get('role') }}
--
{{ 'a</think>b'.split('</think>')[-1].lstrip('\n') }}{{ (messages[2].content.split('</think>') | last).lstrip() }}
--
{{ range(3) | list }}{{ range(1, 7, 2) | list }}{{ range(3, 0, -1) | list }}{{ range(0) | list }}{{ dict(a=1, b=2) }}{{ dict({'x': 1}, y=2) | tojson }}
--
{{ strftime_now('%d %b %Y %H:%M:%S %A %j %y %B') }}
{# whole templates #}
--
{{ bos_token }}{% for message in messages %}
{%- if message.role == 'system' %}
<|system|>
{{ message.content | trim }}
{% elif message['role'] == 'user' %}
<|user|>
{{ message['content'] }}{{ eos_token }}
{% else %}
<|assistant|>
{{ message['content'] + eos_token }}
{% endif %}
{% endfor %}
{% if add_generation_prompt %}<|assistant|>
{% endif %}
--
{%- if messages[0]['role'] == 'system' %}{%- set loop_messages = messages[1:] %}{%- set system = messages[0]['content'] | trim + '\n\n' %}{%- else %}{%- set loop_messages = messages %}{%- set system = '' %}{%- endif %}
{%- for message in loop_messages %}
    {%- if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}
        {{- raise_exception('roles must alternate') }}
    {%- endif %}
    {%- if loop.index0 == 0 %}{%- set content = system + message['content'] %}{%- else %}{%- set content = message['content'] %}{%- endif %}
    {{- '<turn>' + ('model' if message['role'] == 'assistant' else message['role']) + '\n' + content | trim + '</turn>\n' }}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<turn>model\n' }}{%- endif %}
--
{%- if not date_string is defined %}{%- if strftime_now is defined %}{%- set date_string = strftime_now("%d %b %Y") %}{%- else %}{%- set date_string = "26 Jul 2024" %}{%- endif %}{%- endif %}
{%- if tools is not none and not tools_in_user_message %}{{- "Environment: tools\n" }}{%- endif %}
{{- "Today Date: " + date_string + "\n\n" }}
{%- set ns = namespace(last=messages | length - 1) %}
{%- for message in messages[::-1] %}{%- set index = (messages | length - 1) - loop.index0 %}{%- if message.role == "user" and message.content is string and not (message.content.startswith('<tool>') and message.content.endswith('</tool>')) %}{%- set ns.last = index %}{%- endif %}{%- endfor %}
{{- ns.last }}
{# refused #}
--
{{ raise_exception('no ' ~ 'way') }}
--
{{ nothing.x }}
--
{{ nothing.x.y }}
--
{{ 1 + 'a' }}
--
{{ 'a' + 1 }}
--
{{ 1 // 0 }}
--
{{ none | length }}
--
{{ messages.append(1) }}
--
{% for x in 5 %}{% endfor %}
--
{{ nothing() }}
--
{{ 'a'.nope() }}
--
{% set a, b = [1] %}
--
{{ 1 | nope }}
--
{{ 1 is nope }}
--
{% if %}{% endif %}
--
{% if 1 %}
--
{% endif %}
--
{% nope %}
--
{{ 1
--
{{ (1 }}
--
{{ [1 }}
--
{{ 1 2 }}
--
{{ }}
--
{{ 'a }}
--
{% for in x %}{% endfor %}
--
{% break %}
--
{{ {'a' 1} }}
--
{{ a[ }}
--
{# open
--
{{ 'x' in 5 }}
--
{{ 'b' < 1 }}
--
{% macro f(a) %}{% endmacro %}{{ f(1, 2) }}
--
{% macro f(a) %}{% endmacro %}{{ f(b=2) }}
--
{% set nothing.x = 1 %}
""".strip("\n")


def main():
    # transformers has a tag around the assistant's text, which leaves it as it is
    class Generation(jinja2.ext.Extension):
        tags = {"generation"}

        def parse(self, parser):
            line = next(parser.stream).lineno
            body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
            return jinja2.nodes.CallBlock(self.call_method("_text"), [], [], body).set_lineno(line)

        def _text(self, caller):
            return caller()

    def raise_exception(message):
        raise jinja2.exceptions.TemplateError(message)

    def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
        return json.dumps(x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)

    env = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[Generation, loopcontrols])
    env.filters["tojson"] = tojson
    env.globals["raise_exception"] = raise_exception
    env.globals["strftime_now"] = lambda form: datetime(2026, 11, 4, 15, 6, 7).strftime(form)
    cases = []
    for source in TEMPLATES.split("\n--\n"):
        case = {"template": source}
        try:
            case["want"] = env.from_string(source).render(
                messages=MESSAGES, add_generation_prompt=True, bos_token="<s>", eos_token="</s>", tools=None, documents=None)
        except Exception as e:  # whatever Jinja refuses must be refused
            case["error"] = type(e).__name__ + ": " + str(e)
        cases.append(case)
    with open("jinja.json", "w", encoding="utf-8") as f:
        json.dump({"messages": MESSAGES, "cases": cases}, f, ensure_ascii=False, indent=1)
        f.write("\n")


main()
