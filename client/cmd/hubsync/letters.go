package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"unicode"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
)

// lettersCommand is what can be done about letters.
type lettersCommand struct {
	List struct {
		Waiting bool `help:"Only those that wait for this agency."`
	} `cmd:"" help:"List the letters to this agency, those that wait longest first."`
	Print struct {
		ID     string `arg:"" name:"id" help:"Id of the letter, as in the list."`
		Output string `short:"o" placeholder:"FILE" help:"File for the page; default: the letter's number with .html; - is standard output."`
	} `cmd:"" help:"Write a letter as a page to print. It counts as delivered."`
	Acknowledge struct {
		IDs []string `arg:"" name:"id" help:"Ids of letters."`
	} `cmd:"" help:"Say for the agency that letters came whole: each is fetched and compared with its digest first. Needs a token of a person."`
	Report struct {
		IDs   []string `arg:"" name:"id" optional:"" help:"Ids of letters; default: all acknowledged ones that are in effect."`
		Count *int32   `placeholder:"N" help:"Report one letter without a copy: a person has applied so many items."`
	} `cmd:"" help:"Report letters as applied: pull, then prove each by the copy."`
	Dispute struct {
		ID     string  `arg:"" name:"id" help:"Id of the letter."`
		Items  []int32 `name:"item" required:"" placeholder:"N" help:"Number of the item; several, comma-separated, with the same ground and text."`
		Ground string  `required:"" placeholder:"GROUND" help:"identity, deceased, in-need, last-day, not-ours or other."`
		Text   string  `required:"" help:"Why, in words, at most 500 characters. Write no ID number into it."`
	} `cmd:"" help:"Object to items of a letter: nothing is to be applied about them before the office has answered. Needs a token of a person."`
}

// check refuses what the hub would refuse, or what could not be done.
func (c *lettersCommand) check(command string, json bool) error {
	switch command {
	case "letters print":
		if json && c.Print.Output == "-" {
			return errors.New("--json and --output=- exclude each other")
		}
	case "letters report":
		if c.Report.Count != nil && (len(c.Report.IDs) != 1 || *c.Report.Count < 0) {
			return errors.New("--count: a number of items goes with the id of one letter")
		}
	case "letters dispute":
		_, err := groundOf(c.Dispute.Ground)
		return err
	}
	return nil
}

// groundOf reads a ground as the contract spells it, or in small letters with hyphens.
// DIFFERS is the hub's own.
func groundOf(text string) (hubv1.ObjectionGround, error) {
	name := strings.ToUpper(strings.ReplaceAll(text, "-", "_"))
	ground := hubv1.ObjectionGround(hubv1.ObjectionGround_value["OBJECTION_GROUND_"+name])
	if ground == hubv1.ObjectionGround_OBJECTION_GROUND_UNSPECIFIED || ground == hubv1.ObjectionGround_OBJECTION_GROUND_DIFFERS {
		return 0, fmt.Errorf("--ground: %q is none of identity, deceased, in-need, last-day, not-ours, other", text)
	}
	return ground, nil
}

// letters runs a command about letters.
func (j *job) letters(ctx context.Context, command string) (r report, err error) {
	flags := &j.flags.Letters
	switch command {
	case "letters print":
		r, err = j.printLetter(ctx, flags.Print.ID, flags.Print.Output)
	case "letters acknowledge":
		r.Letters, err = eachLetter(flags.Acknowledge.IDs, func(id string) (letterOutcome, error) { return j.acknowledge(ctx, id) })
	case "letters report":
		r, err = j.reportLetters(ctx, flags.Report.IDs, flags.Report.Count)
	case "letters dispute":
		r.Letters, err = eachLetter([]string{flags.Dispute.ID}, func(id string) (letterOutcome, error) { return j.dispute(ctx, id) })
	}
	r.Date = j.flags.Date
	return r, err
}

// printLetter writes the page, which names persons, for its owner alone.
func (j *job) printLetter(ctx context.Context, id, file string) (report, error) {
	page, err := j.client.Letters().PrintLetter(ctx, &hubv1.PrintLetterRequest{Id: id})
	if err != nil {
		return report{}, err
	}
	if file == "-" {
		_, err := j.stdout.Write(page.GetData())
		return report{}, err
	}
	if file == "" {
		response, err := j.client.Letters().GetLetter(ctx, &hubv1.GetLetterRequest{Id: id})
		if err != nil {
			return report{}, err
		}
		file = fileName(response.GetLetter().GetNumber(), id) + ".html"
	}
	return report{File: file}, os.WriteFile(file, page.GetData(), 0o600)
}

// fileName is a letter's number without the characters that file systems refuse; a
// letter without a number goes by its id.
func fileName(number, id string) string {
	name := strings.Map(func(c rune) rune {
		if unicode.IsControl(c) || strings.ContainsRune(`/\:*?"<>|`, c) {
			return '_'
		}
		return c
	}, strings.TrimLeft(number, ". "))
	if name == "" && number != id {
		return fileName(id, id)
	}
	return name
}
