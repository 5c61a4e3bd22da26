package catalogue

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/env"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"

	"github.com/bangfuhub/hub/server/internal/household"
)

// condition is a conjunction; an empty one always holds.
type condition []*test

// test is one part of a conjunction. Conditions share equal tests, so that each is
// evaluated once per household or person, however many policies ask for it.
type test struct {
	program cel.Program
	grain   Grain // GrainPerson where it asks a person's fact
	ordinal int
	source  string
	wants   household.Label // source in words, where it can be said
	facts   []*Fact         // that it asks, by name
}

// problem is what is wrong with a condition, and where in its text.
type problem struct {
	line, column     int // from 1
	english, chinese string
}

// Bounds of a condition: far above what a person can read.
const (
	maxCondition = 4000 // characters
	maxDepth     = 50
)

// notRecorded stands in a condition for a code that nobody has recorded.
const notRecorded = "NOT_RECORDED"

// environment is what conditions may use: facts, codes and functions that cannot fail.
var environment = sync.OnceValues(func() (*cel.Env, error) {
	var functions []*env.Function
	for _, name := range []string{
		operators.LogicalAnd, operators.LogicalOr, operators.LogicalNot, operators.Conditional, operators.Equals, operators.NotEquals,
		operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals, operators.In, "size",
	} {
		functions = append(functions, env.NewFunction(name))
	}
	library := &env.LibrarySubset{DisableMacros: true, IncludeFunctions: functions}
	options := []cel.EnvOption{
		cel.StdLib(cel.StdLibSubset(library)), cel.ASTValidators(cel.ValidateHomogeneousAggregateLiterals()),
		cel.ParserExpressionSizeLimit(maxCondition), cel.ParserRecursionLimit(maxDepth),
	}
	for i := range facts {
		options = append(options, cel.Variable(facts[i].Name, celType(facts[i].Type)))
	}
	for _, list := range slices.Sorted(maps.Keys(household.Codes)) {
		options = append(options, cel.Constant(list+"."+notRecorded, cel.OpaqueType(list), types.String("")))
		for _, code := range household.Codes[list] {
			options = append(options, cel.Constant(list+"."+code, cel.OpaqueType(list), types.String(code)))
		}
	}
	return cel.NewCustomEnv(options...)
})

// celType gives a fact's type; what is not plain is a code list's name.
func celType(name string) *cel.Type {
	if element, ok := strings.CutPrefix(name, "list("); ok {
		return cel.ListType(celType(strings.TrimSuffix(element, ")")))
	}
	switch name {
	case "int":
		return cel.IntType
	case "bool":
		return cel.BoolType
	case "string":
		return cel.StringType
	}
	return cel.OpaqueType(name)
}

// compiler compiles a catalogue's conditions into shared tests.
type compiler struct {
	tests  map[string]*test
	limits map[limit]bool // that their moving facts are compared with
	daily  bool           // a moving fact is asked in another way
}

// compile checks a condition of a list or policy of a grain.
func (c *compiler) compile(source string, grain Grain, policy bool) (condition, []problem) {
	environment, err := environment()
	if err != nil {
		return nil, []problem{defect(err)}
	}
	checked, issues := environment.Compile(source)
	if issues.Err() != nil {
		return nil, problemsOf(issues)
	}
	if checked.OutputType() != cel.BoolType {
		return nil, []problem{{1, 1, "gives " + checked.OutputType().String() + ", not true or false", "结果不是真或假"}}
	}
	native := checked.NativeRep()
	if bad := misplaced(native, grain, policy); len(bad) > 0 {
		return nil, bad
	}
	var out condition
	for _, part := range conjuncts(native.Expr(), nil) {
		t, err := c.test(environment, part, native.SourceInfo())
		if err != nil {
			return nil, []problem{defect(err)}
		}
		out = append(out, t)
	}
	return out, nil
}

func defect(err error) problem {
	return problem{1, 1, "cannot be compiled: " + err.Error(), "无法编译:" + err.Error()}
}

func problemsOf(issues *cel.Issues) []problem {
	var out []problem
	for _, e := range issues.Errors() {
		message := strings.Join(strings.Fields(e.Message), " ")
		out = append(out, problem{e.Location.Line(), e.Location.Column() + 1, message, "表达式有误:" + message})
	}
	return out
}

// misplaced finds facts that may not be asked here. Whether support goes on follows
// from decisions alone, so a policy's condition cannot ask for it (law 6): else
// changed facts could pass for the end of support.
func misplaced(checked *ast.AST, grain Grain, policy bool) []problem {
	references := checked.ReferenceMap()
	var out []problem
	for _, id := range slices.Sorted(maps.Keys(references)) {
		f := factByName[references[id].Name]
		if f == nil {
			continue
		}
		at := checked.SourceInfo().GetStartLocation(id)
		p := problem{line: at.Line(), column: at.Column() + 1}
		switch {
		case f.Grain == GrainPerson && grain != GrainPerson:
			p.english = fmt.Sprintf("%s is a fact about a person and cannot be asked at grain household", f.Name)
			p.chinese = fmt.Sprintf("%s 是个人信息,不能用于以户为单位的条件", f.Name)
		case f.ListsOnly && policy:
			p.english = fmt.Sprintf("%s follows from decisions; only a list's condition can ask it, use reach instead", f.Name)
			p.chinese = fmt.Sprintf("%s 由决定产生,只能用于名单条件;政策请用 reach", f.Name)
		default:
			continue
		}
		out = append(out, p)
	}
	return out
}

// conjuncts splits what && joins.
func conjuncts(e ast.Expr, out []ast.Expr) []ast.Expr {
	if e.Kind() != ast.CallKind || e.AsCall().FunctionName() != operators.LogicalAnd {
		return append(out, e)
	}
	for _, arg := range e.AsCall().Args() {
		out = conjuncts(arg, out)
	}
	return out
}

// test gives the test of one conjunct: the one that stands already, if it was asked before.
func (c *compiler) test(environment *cel.Env, part ast.Expr, info *ast.SourceInfo) (*test, error) {
	source, err := cel.ExprToString(part, info)
	if err != nil {
		return nil, err
	}
	if t := c.tests[source]; t != nil {
		return t, nil
	}
	checked, issues := environment.Compile(source)
	if issues.Err() != nil {
		return nil, issues.Err()
	}
	t := &test{
		grain: GrainHousehold, ordinal: len(c.tests), source: strings.Join(strings.Fields(source), " "),
		wants: wants(checked.NativeRep()), facts: factsIn(checked.NativeRep()),
	}
	for _, f := range t.facts {
		if f.Grain == GrainPerson {
			t.grain = GrainPerson
		}
	}
	if t.program, err = environment.Program(checked, cel.EvalOptions(cel.OptOptimize)); err != nil {
		return nil, err
	}
	if c.tests == nil {
		c.tests, c.limits = map[string]*test{}, map[limit]bool{}
	}
	limits, all := limitsOf(checked.NativeRep())
	for _, l := range limits {
		c.limits[l] = true
	}
	c.daily = c.daily || !all
	c.tests[source] = t
	return t, nil
}

// factsIn lists the facts that an expression asks, each once, by name.
func factsIn(checked *ast.AST) []*Fact {
	asked := map[string]*Fact{}
	for _, r := range checked.ReferenceMap() {
		if f := factByName[r.Name]; f != nil {
			asked[f.Name] = f
		}
	}
	out := make([]*Fact, 0, len(asked))
	for _, name := range slices.Sorted(maps.Keys(asked)) {
		out = append(out, asked[name])
	}
	return out
}
